using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>How a parameter starts.</summary>
public enum Initializer
{
    /// <summary>All zeros: biases.</summary>
    Zero,

    /// <summary>Glorot's uniform distribution on ± √(6 / (fan in + fan out)).</summary>
    Glorot,

    /// <summary>Uniform on ±1: embedding tables.</summary>
    Uniform,

    /// <summary>All ones: scales and running variances.</summary>
    One,

    /// <summary>All 1/4: learned slopes.</summary>
    Quarter,

    /// <summary>Ones on the diagonal: a product that begins as none.</summary>
    Identity,
}

/// <summary>A trainable matrix with its gradient.</summary>
public sealed class Parameter
{
    /// <summary>A parameter of zeros; <see cref="Initialize"/> gives it its start values.</summary>
    /// <param name="name">The symbol in the mathematics: W, a_src, b, …</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="initializer">How it starts.</param>
    /// <param name="fanIn">Inputs of one unit (Glorot); 0 stands for the rows.</param>
    /// <param name="fanOut">Outputs of one unit (Glorot); 0 stands for the columns.</param>
    public Parameter(string name, long rows, long columns, Initializer initializer, long fanIn = 0, long fanOut = 0)
    {
        Name = name;
        Initializer = initializer;
        FanIn = fanIn == 0 ? rows : fanIn;
        FanOut = fanOut == 0 ? columns : fanOut;
        Value = Matrix.Allocate(rows, columns);
        Gradient = Matrix.Allocate(rows, columns);
    }

    /// <summary>The symbol in the mathematics.</summary>
    public string Name { get; }

    /// <summary>How it starts.</summary>
    public Initializer Initializer { get; }

    /// <summary>Inputs of one unit.</summary>
    public long FanIn { get; }

    /// <summary>Outputs of one unit.</summary>
    public long FanOut { get; }

    /// <summary>The values.</summary>
    public Matrix Value { get; }

    /// <summary>The gradient of the loss, of the same shape; layers add to it, the trainer clears it.</summary>
    public Matrix Gradient { get; }

    /// <summary>
    /// False for a statistic of the data, such as a running mean: it is saved, restored and compared like the others, a training
    /// pass of its layer changes it, and no optimiser does.
    /// </summary>
    public bool IsLearned { get; init; } = true;

    /// <summary>True for biases (names that start with b): no weight decay, and LARS leaves their rate alone.</summary>
    public bool IsBias => Name.StartsWith('b');

    /// <summary>
    /// True for what weight decay pulls to zero unless told otherwise: not biases, and not what starts at a constant, because zero is no
    /// neutral value of a scale or a slope.
    /// </summary>
    internal bool IsDecayed => IsLearned && !IsBias && Initializer is not (Initializer.One or Initializer.Quarter or Initializer.Identity);

    /// <summary>Sets the start values, which depend on the seed and <paramref name="number"/> (the parameter's place in its model) alone.</summary>
    public void Initialize(ulong seed, int number)
    {
        if (Initializer == Initializer.Zero)
        {
            Value.Clear();
            return;
        }
        if (Initializer == Initializer.Identity)
        {
            for (long i = 0; i < Value.Rows; i++)
                for (long j = 0; j < Value.Columns; j++) Value[i, j] = i == j ? 1 : 0;
            return;
        }
        if (Initializer is Initializer.One or Initializer.Quarter)
        {
            Value.Fill(Initializer == Initializer.One ? 1 : (Real)0.25);
            return;
        }
        double bound = Initializer == Initializer.Glorot ? Math.Sqrt(6.0 / (FanIn + FanOut)) : 1;
        CounterRandom.UniformRange(Value, -bound, bound, new RandomKey(seed, 0, RandomStreams.Parameter(number)));
    }
}
