using AutLearn.Runtime.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Tests.Diagnostics;

/// <summary>What this process did before any test ran; real processes are traced in AutLearn.Privacy.Tests.</summary>
[Trait("Category", "Unit")]
public sealed class OnnxRuntimeTelemetryTests
{
    [Fact]
    public void Disable_InAnAssemblyThatLoadsAutLearnFirst_WasInTime()
    {
        Assert.True(OnnxRuntimeTelemetry.Disable());
        Assert.Equal("1", NativeEnvironment.Get("ORT_DISABLE_TELEMETRY"));
    }

    [Theory]
    [InlineData(null, false, true)]
    [InlineData(null, true, false)]
    [InlineData("", true, false)]
    [InlineData("0", true, false)]
    [InlineData("0", false, true)]
    [InlineData("1", true, true)]
    [InlineData("true", true, true)]
    public void IsInTime_WithAVariableAndALibraryInUse_TellsWhetherItCouldStart(string? value, bool isInUse, bool expected) =>
        Assert.Equal(expected, OnnxRuntimeTelemetry.IsInTime(value, isInUse));

    [Fact]
    public void Set_OfAVariable_IsSeenByNativeCodeAndByProcessesToCome()
    {
        const string Name = "AUTLEARN_TEST_NATIVE_ENVIRONMENT";
        Assert.Null(NativeEnvironment.Get(Name));
        NativeEnvironment.Set(Name, "größer");
        Assert.Equal("größer", NativeEnvironment.Get(Name));
        Assert.Equal("größer", Environment.GetEnvironmentVariable(Name));
    }

    [Fact]
    public void IsLoaded_OfALibraryInUse_FindsIt()
    {
        Assert.NotEmpty(OrtEnv.Instance().GetVersionString());
        Assert.True(NativeLibraries.IsLoaded("onnxruntime"));
        Assert.False(NativeLibraries.IsLoaded("no-such-library"));
    }

    [Theory]
    [InlineData("/app/libonnxruntime.so", true)]
    [InlineData("/usr/lib/libonnxruntime.so.1.31.1", true)]
    [InlineData("/app/libonnxruntime.1.31.1.dylib", true)]
    [InlineData("/app/libonnxruntime_providers_shared.so", false)]
    [InlineData("/app/Microsoft.ML.OnnxRuntime.dll", false)]
    [InlineData("/libonnxruntime.so/other.so", false)]
    public void IsFileOf_WithAPath_KnowsTheLibraryItself(string path, bool expected) =>
        Assert.Equal(expected, NativeLibraries.IsFileOf("onnxruntime", path));
}
