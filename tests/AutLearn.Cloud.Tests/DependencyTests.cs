using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace AutLearn.Cloud.Tests;

/// <summary>The directions in which assemblies may refer to one another, read from the built assemblies.</summary>
[Trait("Category", "Unit")]
public sealed class DependencyTests
{
    private const string Prefix = "AutLearn.";

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Graph"] = [],
        ["Cache"] = [],
        ["Text"] = [],
        ["Tokenizers"] = ["Graph", "Text"],
        ["Augment"] = ["Graph", "Text"],
        ["Augment.Skia"] = ["Augment"],
        ["Compiler"] = ["Graph"],
        ["Runtime"] = ["Graph", "Cache", "Text"],
        ["Pruning"] = ["Graph", "Compiler", "Runtime"],
        ["Cloud"] = ["Graph", "Cache", "Text", "Tokenizers", "Augment", "Augment.Skia", "Compiler", "Runtime", "Pruning"],
    };

    public static TheoryData<string> Assemblies => [.. Allowed.Keys];

    public static TheoryData<string> DeviceAssemblies => ["Graph", "Cache", "Text", "Tokenizers", "Augment", "Augment.Skia", "Runtime"];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void References_OfEachAssembly_PointOnlyWhereAllowed(string name) =>
        Assert.Empty(References(name).Where(r => r.StartsWith(Prefix, StringComparison.Ordinal)).Select(r => r[Prefix.Length..]).Except(Allowed[name]));

    [Theory]
    [MemberData(nameof(DeviceAssemblies))]
    public void References_OfDeviceAssemblies_OpenNoSocket(string name) =>
        Assert.DoesNotContain(References(name), r => r.StartsWith("System.Net", StringComparison.Ordinal));

    [Theory]
    [InlineData("Graph")]
    [InlineData("Compiler")]
    [InlineData("Cache")]
    [InlineData("Text")]
    [InlineData("Tokenizers")]
    [InlineData("Augment")]
    public void References_OfPureAssemblies_NeedNoOnnxRuntime(string name) =>
        Assert.DoesNotContain("Microsoft.ML.OnnxRuntime", References(name));

    [Fact]
    public void ModulesThatUseOnnxRuntime_WhicheverIsLoadedFirst_SwitchItsTelemetryOff()
    {
        string[] loud =
        [
            .. Directory.EnumerateFiles(AppContext.BaseDirectory, Prefix + "*.dll").Where(f =>
            {
                using var module = new PEReader(File.OpenRead(f));
                MetadataReader metadata = module.GetMetadataReader();
                bool usesOnnxRuntime = metadata.AssemblyReferences.Any(r => metadata.GetString(metadata.GetAssemblyReference(r).Name) == "Microsoft.ML.OnnxRuntime");
                bool hasInitializer = metadata.GetTypeDefinition(MetadataTokens.TypeDefinitionHandle(1)).GetMethods()
                    .Any(m => metadata.GetString(metadata.GetMethodDefinition(m).Name) == ".cctor");
                return usesOnnxRuntime && !hasInitializer;
            }).Select(f => Path.GetFileName(f)),
        ];
        Assert.Empty(loud);
    }

    [Fact]
    public void PublicSignatures_OfTheRuntime_ShowNoOrtType()
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<Type> types = Load("Runtime").GetExportedTypes().SelectMany(t => t.GetMembers(Declared)
            .SelectMany(TypesOf).Append(t.BaseType ?? typeof(object)).Concat(t.GetInterfaces()).SelectMany(Parts));
        Assert.DoesNotContain(types, t => t.Assembly.GetName().Name == "Microsoft.ML.OnnxRuntime");
    }

    private static IEnumerable<Type> TypesOf(MemberInfo member) => member switch
    {
        MethodInfo method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType),
        ConstructorInfo constructor => constructor.GetParameters().Select(p => p.ParameterType),
        PropertyInfo property => [property.PropertyType],
        FieldInfo field => [field.FieldType],
        EventInfo { EventHandlerType: { } handler } => [handler],
        _ => [],
    };

    private static IEnumerable<Type> Parts(Type type) =>
        (type.HasElementType ? Parts(type.GetElementType()!) : type.GetGenericArguments().SelectMany(Parts)).Append(type);

    private static IEnumerable<string> References(string name) => Load(name).GetReferencedAssemblies().Select(r => r.Name!);

    private static Assembly Load(string name) => Assembly.Load(name == "Cloud" ? typeof(Program).Assembly.GetName().Name! : Prefix + name);
}
