using System.Reflection;
using System.Text;
using Weft.Memory;
using Weft.Tests.Readme;

namespace Weft.Tests.Approvals;

/// <summary>The public surface of the library as one text, so that a change of it is seen in review.</summary>
public class PublicApiTests
{
    private static string Approved => Path.Combine(ReadmeTests.Root(), "tests", "Weft.Tests", "Approvals", "PublicApi.txt");

    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        string found = Describe(typeof(Matrix).Assembly);
        bool single = Matrix.BytesPerEntry == 4;
        if (single && Environment.GetEnvironmentVariable("WEFT_APPROVE") == "1") File.WriteAllText(Approved, found);
        string approved = File.ReadAllText(Approved).ReplaceLineEndings("\n");
        // In the double build the two number types are one.
        Assert.Equal(single ? approved : approved.Replace("double", "Real", StringComparison.Ordinal), found);
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(type.FullName).Append('\n');
            var members = type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                .Where(m => IsVisible(m) && m is not MethodBase { IsSpecialName: true } and not Type && !IsPlumbing(type, m))
                .Select(m => (IsProtected(m) ? "protected " : "") + Member(m))
                .OrderBy(m => m.Replace("double", "Real", StringComparison.Ordinal), StringComparer.Ordinal)
                .ThenBy(m => m, StringComparer.Ordinal);
            foreach (string member in members) text.Append("    ").Append(member).Append('\n');
        }
        return text.ToString();
    }

    // What a derived class of another assembly sees is public too.
    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || (method.IsFamily && !member.DeclaringType!.IsSealed),
        FieldInfo field => field.IsPublic,
        PropertyInfo property => property.GetMethod!.IsPublic,
        _ => false,
    };

    private static bool IsProtected(MemberInfo member) => member is MethodBase { IsFamily: true };

    // What the compiler writes for records and every type has.
    private static bool IsPlumbing(Type type, MemberInfo member) =>
        member.Name is "Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "<Clone>$" or "value__" || (type.IsEnum && member is not FieldInfo);

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class" : "class";

    private static string Member(MemberInfo member) => member switch
    {
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}({Parameters(method)})",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        PropertyInfo property => $"{(property.GetMethod!.IsStatic ? "static " : "")}{Name(property.PropertyType)} {property.Name} {{ get;{(property.SetMethod is { IsPublic: true } ? " set;" : "")} }}",
        FieldInfo field => $"{Name(field.FieldType)} {field.Name}",
        _ => $"{member.MemberType} {member.Name}",
    };

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}"));

    // The library's number is Real in both precisions; bytes of an entry differ.
    private static string Name(Type type)
    {
        if (type == typeof(Real)) return "Real";
        if (type == typeof(double)) return "double";
        if (type.IsByRef) return $"ref {Name(type.GetElementType()!)}";
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (!type.IsGenericType) return type.Name;
        return $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
