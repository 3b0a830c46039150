using System.Globalization;

namespace Weft.Links;

/// <summary>How many per cent of the edges are for training, validation and test.</summary>
internal readonly record struct LinkShares(decimal Train, decimal Validation, decimal Test)
{
    /// <summary>The usual shares.</summary>
    public const string Usual = "85/5/10";

    /// <summary>Reads TRAIN/VALIDATION/TEST.</summary>
    /// <exception cref="ArgumentException">These are not three numbers above 0 whose sum is 100.</exception>
    public static LinkShares Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shares = new List<decimal>();
        foreach (string part in text.Split('/'))
            if (decimal.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal share) && share > 0) shares.Add(share);
        if (shares.Count != 3 || text.Split('/').Length != 3 || shares.Sum() != 100)
            throw new ArgumentException($"link-split is '{text}': expected per cents for training, validation and test, above 0 and 100 together, such as {Usual}");
        return new LinkShares(shares[0], shares[1], shares[2]);
    }

    /// <summary>"85/5/10".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Train}/{Validation}/{Test}");
}
