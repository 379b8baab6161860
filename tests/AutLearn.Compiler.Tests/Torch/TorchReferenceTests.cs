using AutLearn.Testing.Torch;
using TorchSharp;

namespace AutLearn.Compiler.Tests.Torch;

[Trait("Category", "Conformance")]
public sealed class TorchReferenceTests
{
    [SkippableFact]
    public void Load_Here_RunsOneThreadAndDifferentiates()
    {
        TorchReference.SkipIfUnavailable();

        Assert.Equal(1, torch.get_num_threads());
        using torch.Tensor x = torch.tensor([1f, 2f, 3f], requires_grad: true);
        using torch.Tensor y = (x * x).sum();
        y.backward();
        Assert.Equal([2f, 4f, 6f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Relax_NoElfLibrary_Throws() =>
        Assert.Throws<BadImageFormatException>(() => ElfSymbolRelaxation.Relax(new byte[100]));

    [SkippableFact]
    public void Relax_RelaxedBefore_ChangesNothing()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Skip.IfNot(File.Exists(path), "The Linux library is not part of this output folder.");
        byte[] image = File.ReadAllBytes(path);
        ElfSymbolRelaxation.Relax(image);
        byte[] once = [.. image];

        Assert.False(ElfSymbolRelaxation.Relax(image));
        Assert.Equal(once, image);
    }

    [SkippableFact]
    public void Relax_TruncatedLibrary_Throws()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Skip.IfNot(File.Exists(path), "The Linux library is not part of this output folder.");
        byte[] image = File.ReadAllBytes(path)[..4096];

        Assert.Throws<BadImageFormatException>(() => ElfSymbolRelaxation.Relax(image));
    }
}
