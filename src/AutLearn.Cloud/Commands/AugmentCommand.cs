using System.CommandLine;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn augment</c>: what training would see, to look at.</summary>
internal static class AugmentCommand
{
    public static Command Create(ToolConsole console) => new("augment", "Augment text or images and write the result to look at, or compile a table of synonyms.")
    {
        AugmentTextCommand.Create(console),
        AugmentImagesCommand.Create(console),
        AugmentSynonymsCommand.Create(console),
    };
}
