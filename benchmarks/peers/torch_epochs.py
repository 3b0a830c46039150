"""One training epoch (forward, masked cross-entropy, backward, Adam) in PyTorch.

Arguments: the graph's .npz, the library (plain, pyg or dgl), threads. Each line on standard input is "MODEL HEADS WIDTH"; it is answered with the
milliseconds of one epoch. "plain" writes the layers with gather and index_add, as libraries without kernels of their own do.
"""
import os
import sys
import time
import warnings

path, library, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ.setdefault("OMP_NUM_THREADS", str(threads))
warnings.filterwarnings("ignore", category=UserWarning)
try:
    import numpy
    import torch
    import torch.nn.functional as F

    if library == "pyg":
        import torch_geometric
        import torch_geometric.nn as layers
        name = f"PyTorch Geometric {torch_geometric.__version__}, torch {torch.__version__}"
    elif library == "dgl":
        import dgl
        import dgl.nn as layers
        name = f"DGL {dgl.__version__}, torch {torch.__version__}"
    else:
        name = f"torch {torch.__version__}, gather and index_add"
except ImportError as missing:
    print(f"absent {missing}", flush=True)
    sys.exit()

torch.set_num_threads(threads)
torch.manual_seed(1)


def read():
    data = numpy.load(path, allow_pickle=False)
    edges = torch.from_numpy(data["edge_index"])
    nodes = int(data["num_nodes"][0]) if "num_nodes" in data else len(data["y"])
    looped = torch.zeros(nodes, dtype=torch.bool)
    looped[edges[0][edges[0] == edges[1]]] = True
    loops = torch.arange(nodes)[~looped]
    edges = torch.cat([edges, torch.stack([loops, loops])], 1)
    if "y" in data:
        if "x" in data:
            x = torch.from_numpy(data["x"])
        else:
            rows, columns = data["x_shape"]
            x = torch.sparse_csr_tensor(torch.from_numpy(data["x_indptr"]), torch.from_numpy(data["x_indices"]).long(), torch.from_numpy(data["x_data"]), (int(rows), int(columns))).to_dense()
            x = x / x.sum(1, keepdim=True).clamp(min=1)
        y, mask = torch.from_numpy(data["y"]), torch.from_numpy(data["train_mask"])
    else:
        x, y, mask = torch.randn(nodes, 128), torch.randint(40, (nodes,)), torch.rand(nodes) < 0.5
    return nodes, edges, x, y, mask


nodes, edges, x, y, mask = read()
source, destination = edges
classes = int(y.max()) + 1


def sum_at(values, index):
    return torch.zeros((nodes,) + values.shape[1:]).index_add(0, index, values)


class PlainGcn(torch.nn.Module):
    degree = torch.bincount(destination, minlength=nodes).float()
    weight = (degree[source] * degree[destination]).rsqrt().unsqueeze(1)

    def __init__(self, inputs, outputs, heads, last):
        super().__init__()
        self.W = torch.nn.Linear(inputs, outputs, bias=False)
        self.b = torch.nn.Parameter(torch.zeros(outputs))

    def forward(self, h):
        return sum_at(self.weight * self.W(h)[source], destination) + self.b


class PlainGat(torch.nn.Module):
    second = False

    def __init__(self, inputs, outputs, heads, last):
        super().__init__()
        self.shape, self.last = (heads, outputs), last
        self.W = torch.nn.Linear(inputs, heads * outputs, bias=False)
        self.W_dst = torch.nn.Linear(inputs, heads * outputs, bias=False) if self.second else None
        self.a = torch.nn.Parameter(torch.randn(1, heads, outputs) / outputs ** 0.5)
        self.a_dst = torch.nn.Parameter(torch.randn(1, heads, outputs) / outputs ** 0.5)
        self.b = torch.nn.Parameter(torch.zeros(outputs if last else heads * outputs))

    def forward(self, h):
        X = self.W(h).view(-1, *self.shape)
        if self.second:
            P = X[source] + self.W_dst(h).view(-1, *self.shape)[destination]
            L = (F.leaky_relu(P, 0.2) * self.a).sum(2)
        else:
            L = F.leaky_relu((X * self.a).sum(2)[source] + (X * self.a_dst).sum(2)[destination], 0.2)
        index = destination.unsqueeze(1).expand_as(L)
        m = torch.full((nodes, L.shape[1]), float("-inf")).scatter_reduce(0, index, L.detach(), "amax")
        S = (L - m[destination]).exp()
        S = S / sum_at(S, destination)[destination]
        Z = sum_at(S.unsqueeze(2) * X[source], destination)
        return (Z.mean(1) if self.last else Z.flatten(1)) + self.b


class PlainGatV2(PlainGat):
    second = True


def layer(model, inputs, outputs, heads, last):
    if library == "plain":
        return {"gcn": PlainGcn, "gat": PlainGat, "gatv2": PlainGatV2}[model](inputs, outputs, heads, last)
    if library == "pyg":
        if model == "gcn":
            return layers.GCNConv(inputs, outputs, cached=True, add_self_loops=False)
        kind = layers.GATConv if model == "gat" else layers.GATv2Conv
        return kind(inputs, outputs, heads=heads, concat=not last, add_self_loops=False)
    if model == "gcn":
        return layers.GraphConv(inputs, outputs, norm="both", allow_zero_in_degree=True)
    kind = layers.GATConv if model == "gat" else layers.GATv2Conv
    return kind(inputs, outputs, heads, allow_zero_in_degree=True)


class Network(torch.nn.Module):
    def __init__(self, model, heads, width):
        super().__init__()
        self.first = layer(model, x.shape[1], width, heads, False)
        self.second = layer(model, width * heads, classes, 1, True)
        self.act = F.relu if model == "gcn" else F.elu

    def run(self, which, h):
        if library == "plain":
            return which(h)
        if library == "pyg":
            return which(h, structure)
        z = which(structure, h)
        return z if z.dim() == 2 else z.flatten(1)

    def forward(self, h):
        return self.run(self.second, self.act(self.run(self.first, h)))


structure = edges
if library == "pyg":
    try:
        # The library's fast path wants a sparse matrix, transposed, with its rows sorted.
        from torch_sparse import SparseTensor
        structure = SparseTensor(row=destination, col=source, sparse_sizes=(nodes, nodes))
    except ImportError:
        name += ", no torch_sparse"
elif library == "dgl":
    structure = dgl.graph((source, destination), num_nodes=nodes)


def free_bytes():
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except OSError:
        return 1 << 62


def epoch(network, optimizer):
    start = time.perf_counter()
    optimizer.zero_grad()
    F.cross_entropy(network(x)[mask], y[mask]).backward()
    optimizer.step()
    return (time.perf_counter() - start) * 1e3


# How many tensors of a row per edge the first layer's forward and backward hold at once, about.
EDGE_TENSORS = {
    "plain": {"gcn": 4, "gat": 6, "gatv2": 8},
    "pyg": {"gcn": 1, "gat": 6, "gatv2": 8},
    "dgl": {"gcn": 1, "gat": 1, "gatv2": 6},
}

print(f"ready {name}", flush=True)
built = {}
for line in sys.stdin:
    if line not in built:
        model, heads, width = line.split()[0], int(line.split()[1]), int(line.split()[2])
        need = EDGE_TENSORS[library][model] * 4 * edges.shape[1] * heads * width
        if need > 0.8 * free_bytes():
            print(f"absent about {need >> 30} GiB of edge tensors, more than is free", flush=True)
            continue
        built.clear()
        network = Network(model, heads, width)
        built[line] = network, torch.optim.Adam(network.parameters(), lr=0.005)
    print(epoch(*built[line]), flush=True)
