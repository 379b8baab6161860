using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AutLearn.Cloud.Commands;

/// <summary>Checks that make a wrong value a wrong command line (exit code 2) rather than a failure later.</summary>
internal static class OptionChecks
{
    /// <summary>Demands a number in [minimum, maximum].</summary>
    public static Option<T> Between<T>(this Option<T> option, double minimum, double maximum)
    {
        option.Validators.Add(result => Check(result, v => v >= minimum && v <= maximum, string.Create(CultureInfo.InvariantCulture, $"between {minimum} and {maximum}")));
        return option;
    }

    /// <summary>Demands a number of at least a minimum.</summary>
    public static Option<T> AtLeast<T>(this Option<T> option, double minimum)
    {
        option.Validators.Add(result => Check(result, v => v >= minimum && double.IsFinite(v), string.Create(CultureInfo.InvariantCulture, $"at least {minimum}")));
        return option;
    }

    /// <summary>Demands a number above 0.</summary>
    public static Option<T> Positive<T>(this Option<T> option)
    {
        option.Validators.Add(result => Check(result, v => v > 0 && double.IsFinite(v), "above 0"));
        return option;
    }

    /// <summary>Demands a number in [0, 1).</summary>
    public static Option<T> Fraction<T>(this Option<T> option)
    {
        option.Validators.Add(result => Check(result, v => v is >= 0 and < 1, "at least 0 and below 1"));
        return option;
    }

    /// <summary>Demands one of some words.</summary>
    public static Option<T> OneOf<T>(this Option<T> option, params string[] words)
    {
        // For the help and for completion; the check itself has another message.
        option.AcceptOnlyFromAmong(words);
        option.Validators.Clear();
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (!words.Contains(token.Value, StringComparer.Ordinal))
                    result.AddError($"Option '{result.Option.Name}' must be one of {string.Join(", ", words)}, not '{token.Value}'.");
            }
        });
        return option;
    }

    private static void Check(OptionResult result, Predicate<double> isValid, string range)
    {
        foreach (Token token in result.Tokens)
        {
            // Text that is no number has its own message from the parser.
            if (double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !isValid(value))
                result.AddError($"Option '{result.Option.Name}' must be {range}, not {token.Value}.");
        }
    }
}
