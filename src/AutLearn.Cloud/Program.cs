using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud;

/// <summary>The <c>autlearn</c> tool.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => RunAsync(args, ToolConsole.OfProcess(), CancellationToken.None);

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments after the tool's name.</param>
    /// <param name="console">Where to write.</param>
    /// <param name="cancellationToken">Ends the work early, as Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    internal static async Task<int> RunAsync(string[] args, ToolConsole console, CancellationToken cancellationToken)
    {
        ParseResult parsed = ToolCommand.Create(console).Parse(args);
        console.IsJson = parsed.GetValue<bool>(ToolCommand.JsonOption);
        if ((parsed.Errors.Count > 0 || CommandLineCheck.Problem(parsed) is not null) && parsed.Action is not HelpAction)
        {
            string command = FullName(parsed.CommandResult);
            string problem = CommandLineCheck.Problem(parsed)
                ?? (parsed is { CommandResult.Command: { Subcommands.Count: > 0, Action: null } above, UnmatchedTokens.Count: 0 }
                    ? $"'{command}' needs a command: {string.Join(", ", above.Subcommands.Select(c => c.Name))}."
                    : parsed.UnmatchedTokens is [string first, ..] ? $"'{first}' is no command, option or argument of '{command}'."

                    // What was typed wrong comes before what was not typed.
                    : (parsed.Errors.FirstOrDefault(e => e.SymbolResult is OptionResult { Tokens.Count: > 0 }) ?? parsed.Errors[0]).Message);
            console.Complain($"{problem} Try '{command} --help'.");
            return ExitCode.Usage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
        };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            console.Complain("cancelled; nothing that was saved before is changed.");
            return ExitCode.Cancelled;
        }
        catch (UsageException e)
        {
            console.Complain(e.Message);
            return ExitCode.Usage;
        }
        catch (AutLearnException e)
        {
            console.Complain(ToolWords.Of(e.Message));
            return ExitCode.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            console.Complain(ToolWords.Of(e.Message));
            return ExitCode.Failure;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("AUTLEARN_DEBUG") is null)
        {
            // The last stop before the user: a defect of the tool must not look like a crash. AUTLEARN_DEBUG shows it whole.
            console.Complain($"internal error ({e.GetType().Name}): {e.Message} Set AUTLEARN_DEBUG=1 to see where.");
            return ExitCode.Failure;
        }
    }

    private static string FullName(CommandResult command) => command.Command is RootCommand
        ? "autlearn"
        : $"{(command.Parent is CommandResult above ? FullName(above) : "autlearn")} {command.Command.Name}";
}
