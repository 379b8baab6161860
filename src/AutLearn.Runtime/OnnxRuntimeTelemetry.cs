using System.Runtime.CompilerServices;
using AutLearn.Runtime.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime;

/// <summary>ONNX Runtime's own telemetry, which AutLearn switches off for the whole process.</summary>
/// <remarks>
/// The official builds keep a device id and a queue of events below the user's home and send them to their vendor. They read once, when the
/// first of their objects is made, whether the environment forbids that; so this assembly forbids it when it is loaded. An app that uses ONNX
/// Runtime itself before AutLearn calls <see cref="Disable"/> first. Safe for use by several threads.
/// </remarks>
public static class OnnxRuntimeTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    private static readonly bool WasInTime = SwitchOff();

    /// <summary>Switches the telemetry off; more calls do nothing.</summary>
    /// <returns>
    /// <see langword="false"/> if ONNX Runtime was loaded before, so that it may have written a device id and may go on sending events.
    /// </returns>
    public static bool Disable() => WasInTime;

#pragma warning disable CA2255 // Nothing of this assembly may load the library before.
    [ModuleInitializer]
    internal static void OnLoad() => Disable();
#pragma warning restore CA2255

    /// <summary>Tells whether a process is still free to decide.</summary>
    /// <param name="value">The variable as the native library would see it.</param>
    /// <param name="isInUse">Whether the library runs already.</param>
    internal static bool IsInTime(string? value, bool isInUse) => IsOff(value) || !isInUse;

    private static bool SwitchOff()
    {
        string? value = NativeEnvironment.Get(Variable);
        bool isInTime = IsInTime(value, IsInUse());
        if (!IsOff(value))
            NativeEnvironment.Set(Variable, "1");
        return isInTime;
    }

    // On phones the library is loaded with the app, long before it runs.
    private static bool IsInUse() => OrtEnv.IsCreated
        || (!OperatingSystem.IsAndroid() && !OperatingSystem.IsIOS() && NativeLibraries.IsLoaded("onnxruntime"));

    private static bool IsOff(string? value) => value?.Trim().ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON" or "Y";
}
