namespace Weft.Datasets;

/// <summary>A file to download: its name, the SHA-256 of the published file in hexadecimal, and where it can be had.</summary>
public sealed record DownloadFile(string Name, string Sha256, IReadOnlyList<Uri> Mirrors);

/// <summary>A set whose published files are plain and whose checksums are known.</summary>
public sealed record DownloadableSet(string Name, string Source, IReadOnlyList<DownloadFile> Files);

/// <summary>The sets that can be fetched by name, and where to get some of the others.</summary>
public static class Downloads
{
    private const string Planetoid = "https://raw.githubusercontent.com/kimiyoung/planetoid/master/data/";
    private const string Heterophilous = "https://raw.githubusercontent.com/yandex-research/heterophilous-graphs/main/data/";

    /// <summary>The sets that can be fetched.</summary>
    public static IReadOnlyList<DownloadableSet> Sets { get; } =
    [
        new("cora", "Planetoid: Yang, Cohen and Salakhutdinov 2016",
        [
            At(Planetoid, "ind.cora.x", "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab"),
            At(Planetoid, "ind.cora.y", "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1"),
            At(Planetoid, "ind.cora.tx", "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a"),
            At(Planetoid, "ind.cora.ty", "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad"),
            At(Planetoid, "ind.cora.allx", "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543"),
            At(Planetoid, "ind.cora.ally", "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71"),
            At(Planetoid, "ind.cora.graph", "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d"),
            At(Planetoid, "ind.cora.test.index", "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875"),
        ]),
        new("minesweeper", "Platonov et al. 2023", [At(Heterophilous, "minesweeper.npz", "e664c8dacf1e8ac466c2c09ed4b237bd2c5541f47a6eae9c6092cb87f16412b3")]),
        new("squirrel_filtered", "Platonov et al. 2023", [At(Heterophilous, "squirrel_filtered.npz", "f06370ffb3116c5de8b7a600005400b2293c025e0ce2f6916d8201a825505ac7")]),
    ];

    /// <summary>The set of that name, where - and _ are the same; null if it cannot be fetched.</summary>
    public static DownloadableSet? Find(string name) =>
        Sets.FirstOrDefault(s => string.Equals(s.Name, name?.Replace('-', '_'), StringComparison.OrdinalIgnoreCase));

    /// <summary>Where to get a known set that cannot be fetched and what to do with it; null for an unknown one.</summary>
    public static string? WhereElse(string name) => name?.Replace('-', '_').ToLowerInvariant() switch
    {
        "citeseer" or "pubmed" => $"the eight files ind.{name}.* of github.com/kimiyoung/planetoid in a folder raw/{name}; no checksums of them are known here, so they are not fetched",
        "amazon_photo" or "amazon_computers" or "coauthor_cs" or "coauthor_physics" =>
            "github.com/shchur/gnn-benchmark publishes it as pickled objects, which are not read here: load it in Python, save edge_index, x (or x_data, x_indices, x_indptr, x_shape) and y with numpy.savez",
        "mutag" or "proteins" or "enzymes" or "nci1" or "collab" or "imdb_binary" => $"the unpacked folder {name} of the TUDataset collection (chrsmrrs.github.io/datasets) in a folder tu",
        _ => null,
    };

    private static DownloadFile At(string home, string name, string sha256) => new(name, sha256, [new Uri(home + name)]);
}
