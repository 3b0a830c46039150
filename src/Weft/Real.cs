// The number type of a whole assembly: single precision, or double in a build with -p:Precision=double.
#if REAL64
global using Real = double;
#else
global using Real = float;
#endif
