using System.CommandLine;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary>The root of the command line.</summary>
internal static class ToolCommand
{
    /// <summary>The option that every command takes.</summary>
    public const string JsonOption = "--json";

    /// <summary>Builds the command line over a console.</summary>
    public static RootCommand Create(ToolConsole console)
    {
        var json = new Option<bool>(JsonOption)
        {
            Description = "Write one JSON document to standard output instead of a report for people.",
            Recursive = true,
        };
        return new RootCommand("AutLearn compiles pretrained ONNX models so that they go on learning on a device, and shows that they do. Start with 'autlearn demo'.")
        {
            json,
            InspectCommand.Create(console),
            CompileCommand.Create(console),
            ImportOrtCommand.Create(console),
            EvaluateCommand.Create(console),
            PretrainCommand.Create(console),
            PersonalizeCommand.Create(console),
            AugmentCommand.Create(console),
            DemoCommand.Create(console),
        };
    }
}
