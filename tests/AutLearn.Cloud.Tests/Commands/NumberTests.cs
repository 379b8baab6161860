using System.CommandLine;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>Every option of every command: what is no number, or outside its range, is told in the words of the command line.</summary>
[Trait("Category", "Unit")]
public sealed class NumberTests
{
    // Any whole number is a seed, a person or a label to ignore.
    private static readonly string[] Unbounded = ["--seed", "--person", "--ignore-index"];

    public static TheoryData<string, string, bool> Numbers
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach ((string command, Option option) in Options())
            {
                Type type = Nullable.GetUnderlyingType(option.ValueType) ?? (option.ValueType.IsArray ? option.ValueType.GetElementType()! : option.ValueType);
                if (type == typeof(int) || type == typeof(long) || type == typeof(float) || type == typeof(double))
                    data.Add(command, option.Name, type == typeof(int) || type == typeof(long));
            }

            return data;
        }
    }

    public static TheoryData<string, string> Choices
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach ((string command, Option option) in Options())
            {
                if (option.ValueType == typeof(string) && option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Any())
                    data.Add(command, option.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Number_NoneOrOutOfRange_IsRefusedByName(string command, string option, bool isWhole)
    {
        foreach (string text in (string[])["0,01", "abc", "", "1,000", "NaN", "1e999", "--"])
        {
            ToolRun run = await ToolRun.Of([.. command.Split(' '), $"{option}={text}"]);
            run.AssertFails(2, text is "" or "--" ? "" : option);
            Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("AutLearn.", run.Error, StringComparison.Ordinal);
        }

        (await ToolRun.Of([.. command.Split(' '), $"{option}=0,01"])).AssertFails(2, isWhole ? "a whole number, not '0,01'" : "a number with a point for decimals: 0.01, not 0,01");
        if (isWhole)
            (await ToolRun.Of([.. command.Split(' '), $"{option}=99999999999999999999"])).AssertFails(2, option, "between");
        if (!Unbounded.Contains(option))
            (await ToolRun.Of([.. command.Split(' '), $"{option}={(isWhole ? "-2000000" : "-2e6")}"])).AssertFails(2, $"Option '{option}'", "-2");
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Choice_Unknown_ListsTheOthersAndAllAreSpelledAlike(string command, string option)
    {
        ToolRun run = await ToolRun.Of([.. command.Split(' '), option, "No Choice"]);
        run.AssertFails(2, option, "'No Choice'", "one of");
        Option found = Options().First(o => o.Command == command && o.Option.Name == option).Option;
        Assert.All(
            found.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty),
            c => Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", c.Label));
    }

    [Fact]
    public async Task ShortName_IsNamedAsItWasTyped() =>
        (await ToolRun.Of("personalize", "a", "b", "--lr", "0,01")).AssertFails(2, "'--lr' takes a number with a point for decimals: 0.01");

    [Fact]
    public async Task Command_WithoutItsOwn_ListsThem() =>
        (await ToolRun.Of("augment")).AssertFails(2, "'autlearn augment' needs a command: text, images, synonyms");

    private static IEnumerable<(string Command, Option Option)> Options() =>
        Walk(ToolCommand.Create(new ToolConsole(TextWriter.Null, TextWriter.Null, isInteractive: false)), "");

    private static IEnumerable<(string Command, Option Option)> Walk(Command command, string path) =>
        command.Subcommands.Count == 0
            ? command.Options.Select(o => (path, o))
            : command.Subcommands.SelectMany(c => Walk(c, path.Length == 0 ? c.Name : $"{path} {c.Name}"));
}
