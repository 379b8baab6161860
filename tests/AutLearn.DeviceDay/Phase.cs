namespace AutLearn.DeviceDay;

/// <summary>Tells a tracer which part of the day begins, by a call that changes nothing: the deletion of a file that is not there.</summary>
internal static class Phase
{
    public const string Mark = "phase ";

    public static void Begin(string folder, string name)
    {
        File.Delete(Path.Combine(folder, Mark + name));
        Console.WriteLine(name);
    }
}
