using System.Runtime.Intrinsics;

namespace Weft.Kernels;

/// <summary>An operation on two rows, entry by entry; <c>a</c> is a number for all of them.</summary>
internal interface IOperation
{
    static abstract Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a);

    static abstract Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a);

    static abstract Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a);

    static abstract Real Of(Real x, Real y, Real a);
}

internal readonly struct ScaledSum : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => Vector512.FusedMultiplyAdd(a, x, y);

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => Vector256.FusedMultiplyAdd(a, x, y);

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => Vector128.FusedMultiplyAdd(a, x, y);

    public static Real Of(Real x, Real y, Real a) => Real.FusedMultiplyAdd(a, x, y);
}

internal readonly struct PlainSum : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => x + y;

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => x + y;

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => x + y;

    public static Real Of(Real x, Real y, Real a) => x + y;
}

internal readonly struct Multiple : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => a * y;

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => a * y;

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => a * y;

    public static Real Of(Real x, Real y, Real a) => a * y;
}

internal readonly struct Difference : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => x - y;

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => x - y;

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => x - y;

    public static Real Of(Real x, Real y, Real a) => x - y;
}

internal readonly struct Product : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => x * y;

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => x * y;

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => x * y;

    public static Real Of(Real x, Real y, Real a) => x * y;
}

internal readonly struct Quotient : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => x / y;

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => x / y;

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => x / y;

    public static Real Of(Real x, Real y, Real a) => x / y;
}

internal readonly struct Larger : IOperation
{
    public static Vector512<Real> Of(Vector512<Real> x, Vector512<Real> y, Vector512<Real> a) => Vector512.Max(x, y);

    public static Vector256<Real> Of(Vector256<Real> x, Vector256<Real> y, Vector256<Real> a) => Vector256.Max(x, y);

    public static Vector128<Real> Of(Vector128<Real> x, Vector128<Real> y, Vector128<Real> a) => Vector128.Max(x, y);

    public static Real Of(Real x, Real y, Real a) => Real.Max(x, y);
}
