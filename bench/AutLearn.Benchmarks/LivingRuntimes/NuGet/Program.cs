// Runs steps of train_step.onnx in the version of ONNX Runtime that this program was built against and prints JSON.
// LivingStep CASE.json
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime;

JsonNode test = JsonNode.Parse(File.ReadAllText(args[0]))!;
JsonNode step = test["step"]!;
string loss = step["loss"]!.GetValue<string>();
KeyValuePair<string, string>[] next = [.. step["next"]!.AsObject().Select(n => KeyValuePair.Create(n.Key, n.Value!.GetValue<string>()))];
try
{
    using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
    using var session = new InferenceSession(Path.Combine(Path.GetDirectoryName(args[0])!, "train_step.onnx"), options);
    using var runOptions = new RunOptions();
    Dictionary<string, OrtValue> feeds = step["inputs"]!.AsArray().ToDictionary(i => i!["name"]!.GetValue<string>(), i => Value(i!));
    string[] wanted = [loss, .. next.Select(n => n.Value)];
    var losses = new JsonArray();
    for (int i = 0; i < test["steps"]!.GetValue<int>(); i++)
    {
        IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(runOptions, feeds.Keys, feeds.Values, wanted);
        losses.Add(outputs[0].GetTensorDataAsSpan<float>()[0]);
        for (int n = 0; n < next.Length; n++)
            feeds[next[n].Key] = outputs[n + 1];
    }

    var parameters = new JsonObject();
    foreach (string name in test["parameters"]!.AsArray().Select(p => p!.GetValue<string>()))
        parameters[name] = Convert.ToBase64String(MemoryMarshal.AsBytes(feeds[name].GetTensorDataAsSpan<float>()));
    Console.WriteLine(new JsonObject { ["losses"] = losses, ["parameters"] = parameters }.ToJsonString());
    return 0;
}
catch (OnnxRuntimeException refused)
{
    Console.Error.WriteLine(refused.Message);
    return 1;
}

static OrtValue Value(JsonNode input)
{
    byte[] data = Convert.FromBase64String(input["data"]!.GetValue<string>());
    long[] dims = [.. input["dims"]!.AsArray().Select(d => d!.GetValue<long>())];
    string type = input["type"]!.GetValue<string>();
    return type switch
    {
        "Float32" => OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<byte, float>(data).ToArray(), dims),
        "Int64" => OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<byte, long>(data).ToArray(), dims),
        "Int32" => OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<byte, int>(data).ToArray(), dims),
        "Bool" => OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<byte, bool>(data).ToArray(), dims),
        _ => throw new InvalidOperationException($"The step reads '{input["name"]}' as {type}, which this program cannot make."),
    };
}
