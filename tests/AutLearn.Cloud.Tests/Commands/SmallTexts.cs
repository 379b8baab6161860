using System.Text;
using System.Text.Json;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>Small text models, pretrained by the tool.</summary>
internal static class SmallTexts
{
    public static readonly string[] Good = ["a good film", "so very good, it's good", "good", "the good film is good"];
    public static readonly string[] Bad = ["an awful film", "so awful, it's awful", "awful", "the awful film is awful"];

    /// <summary>Writes labelled sentences, 120 of them.</summary>
    public static string Labelled(TemporaryFolder folder, string name = "data.txt") => folder.Write(name, Encoding.UTF8.GetBytes(
        string.Concat(Enumerable.Range(0, 15).SelectMany(_ => Good.Select(s => $"pos\t{s}\n").Concat(Bad.Select(s => $"neg\t{s}\n"))))));

    public static async Task<string> ClassifierAsync(TemporaryFolder folder, string pooling)
    {
        string model = folder.File("c.onnx");
        JsonElement report = (await ToolRun.Of(
            "pretrain", Labelled(folder), "--recipe", "text-classifier", "--pooling", pooling, "--hidden", "16", "--epochs", "12", "--batch-size", "8", "--lr", "0.02", "--dropout", "0.1", "--out", model, "--json")).Json();
        Assert.Equal(108, report.GetProperty("train_rows").GetInt32());
        Assert.True(report.GetProperty("epochs")[11].GetProperty("validation_accuracy").GetDouble() > 0.95, report.ToString());
        return model;
    }

    public static async Task<string> LanguageModelAsync(TemporaryFolder folder)
    {
        string text = folder.Write("lm.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the cat sat on the mat\na dog lay by the door\n", 60)))), model = folder.File("lm.onnx"), package = folder.File("lm.autlearn");
        await ToolRun.Of("pretrain", text, "--recipe", "lstm-lm", "--hidden", "24", "--layers", "1", "--dropout", "0", "--epochs", "8", "--batch-size", "4", "--sequence", "6", "--lr", "0.02", "--out", model);
        await ToolRun.Of("compile", model, "--optimizer", "adam", "--out", package);
        return package;
    }
}
