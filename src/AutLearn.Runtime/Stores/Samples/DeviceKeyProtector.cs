namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Chooses the platform's own key protector.</summary>
public static class DeviceKeyProtector
{
    /// <summary>Creates DPAPI on Windows, a key file elsewhere. Touches no file.</summary>
    /// <param name="keyFile">The key file of this profile; unused on Windows. Phones should supply a protector over their key store instead.</param>
    public static IKeyProtector Create(string keyFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyFile);
        return OperatingSystem.IsWindows() ? new DpapiKeyProtector() : new KeyFileProtector(keyFile);
    }
}
