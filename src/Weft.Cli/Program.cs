Console.WriteLine($"weft ({sizeof(Real) * 8}-bit)");
