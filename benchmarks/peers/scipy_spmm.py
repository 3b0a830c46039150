"""SciPy's sparse times dense, one thread: for each line "F" one product with an [N, F] matrix, answered with its milliseconds."""
import sys
import time

try:
    import numpy
    import scipy
    import scipy.sparse
except ImportError as missing:
    print(f"absent {missing}", flush=True)
    sys.exit()


def main(path):
    data = numpy.load(path, allow_pickle=False)
    source, destination = data["edge_index"]
    nodes = int(data["num_nodes"][0]) if "num_nodes" in data else len(data["y"])
    loops = numpy.setdiff1d(numpy.arange(nodes), source[source == destination])
    source, destination = numpy.concatenate([source, loops]), numpy.concatenate([destination, loops])
    weights = numpy.random.default_rng(1).random(len(source), dtype=numpy.float32)
    matrix = scipy.sparse.csr_matrix((weights, (destination, source)), shape=(nodes, nodes))
    print(f"ready SciPy {scipy.__version__}", flush=True)
    width, dense = 0, None
    for line in sys.stdin:
        if int(line) != width:
            width = int(line)
            dense = numpy.random.default_rng(2).random((nodes, width), dtype=numpy.float32)
        start = time.perf_counter()
        matrix @ dense
        print((time.perf_counter() - start) * 1e3, flush=True)


main(sys.argv[1])
