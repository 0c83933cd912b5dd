"""As much of PyTorch as recorded networks call, by numpy in double precision: enough to test build-scripts/torch-peer/network.py without PyTorch."""
import numpy

float64 = numpy.float64


class Tensor(numpy.ndarray):
    device = "numpy"

    def permute(self, order):
        return self.transpose(order)

    def narrow(self, dim, start, length):
        return self[tuple(slice(start, start + length) if i == dim else slice(None) for i in range(self.ndim))]

    def repeat(self, copies):
        return numpy.tile(numpy.asarray(self), copies).view(Tensor)

    def to(self, dtype):
        return self.astype(dtype)

    def expand(self, shape):
        return numpy.broadcast_to(self, shape, subok=True)

    def cos(self):
        return numpy.cos(self)

    def sin(self):
        return numpy.sin(self)

    def uniform_(self, low, high):
        self[...] = numpy.random.default_rng(0).uniform(low, high, self.shape)
        return self


def tensor(values, shape, dtype=float64):
    return numpy.array(values, dtype).reshape(shape).view(Tensor)


def ones(shape):
    return numpy.ones(shape).view(Tensor)


def zeros(shape):
    return numpy.zeros(shape).view(Tensor)


empty = zeros


def arange(count, device=None, dtype=numpy.int64):
    return numpy.arange(count, dtype=dtype).view(Tensor)


def cat(tensors, dim):
    return numpy.concatenate(tensors, dim).view(Tensor)


def rsqrt(x):
    return 1 / numpy.sqrt(x)


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def erf(x):
    """By its Taylor series where it converges fast, by its continued fraction beyond."""
    a = numpy.abs(x)
    term, total = a.copy(), a.copy()
    small = numpy.minimum(a, 3)
    term, total = small.copy(), small.copy()
    for n in range(1, 80):
        term = -term * small * small / n
        total = total + term / (2 * n + 1)
    series = 2 / numpy.sqrt(numpy.pi) * total
    large = numpy.maximum(a, 3)
    fraction = large
    for n in range(60, 0, -1):
        fraction = large + n / 2 / fraction
    tail = 1 - numpy.exp(-large * large) / numpy.sqrt(numpy.pi) / fraction
    return numpy.sign(x) * numpy.where(a < 3, series, tail)


def sum(x, dims, keepdim):
    return numpy.sum(x, tuple(dims), keepdims=keepdim)


def mean(x, dims, keepdim):
    return numpy.mean(x, tuple(dims), keepdims=keepdim)


def amax(x, dims, keepdim):
    return numpy.max(x, tuple(dims), keepdims=keepdim)


exp, log, sqrt, square, reciprocal, sin, cos, tanh = (getattr(numpy, f) for f in ("exp", "log", "sqrt", "square", "reciprocal", "sin", "cos", "tanh"))
abs, matmul, minimum, maximum = numpy.abs, numpy.matmul, numpy.minimum, numpy.maximum
