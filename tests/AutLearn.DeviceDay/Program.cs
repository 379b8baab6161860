using System.Globalization;
using AutLearn.DeviceDay;

// A stranger's app that lives one day in a folder; whoever traces it sees what AutLearn does to a device.
// With --onnx-first it uses ONNX Runtime itself before it touches AutLearn.
switch (args)
{
    case ["--onnx-first", string onnx, string seconds, string package, string folder]:
        await OnnxUse.RunAsync(onnx, TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
        await Day.RunAsync(package, folder);
        return 0;
    case [string package, string folder]:
        await Day.RunAsync(package, folder);
        return 0;
    default:
        await Console.Error.WriteLineAsync("Usage: AutLearn.DeviceDay [--onnx-first MODEL.onnx SECONDS] PACKAGE FOLDER");
        return 2;
}
