using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AutLearn.Cloud.Terminal;

/// <summary>Finds numbers that are none, before they are read: the reader takes a comma for a thousands separator, and 0,01 for 1.</summary>
internal static class CommandLineCheck
{
    /// <summary>Finds the first number that cannot be read.</summary>
    /// <returns>What is wrong, in words; null where nothing is.</returns>
    public static string? Problem(ParseResult parsed)
    {
        for (CommandResult? command = parsed.CommandResult; command is not null; command = command.Parent as CommandResult)
        {
            foreach (OptionResult option in command.Children.OfType<OptionResult>())
            {
                if (option.Tokens.Select(t => Problem(NameOf(option), ElementOf(option.Option.ValueType), t.Value)).FirstOrDefault(p => p is not null) is { } problem)
                    return problem;
            }
        }

        return null;
    }

    private static string NameOf(OptionResult option) => option.IdentifierToken?.Value ?? option.Option.Name;

    private static Type ElementOf(Type type)
    {
        Type element = type.IsArray ? type.GetElementType()! : type;
        return Nullable.GetUnderlyingType(element) ?? element;
    }

    private static string? Problem(string option, Type type, string text)
    {
        if (type == typeof(int) || type == typeof(long))
        {
            if (!Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 whole))
                return $"Option '{option}' takes a whole number, not '{text}'.";
            (Int128 least, Int128 most) = type == typeof(int) ? ((Int128)int.MinValue, (Int128)int.MaxValue) : (long.MinValue, long.MaxValue);
            return whole < least || whole > most ? $"Option '{option}' takes a whole number between {least} and {most}, not {text}." : null;
        }

        if (type != typeof(float) && type != typeof(double))
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            return double.IsFinite(number) && (type == typeof(double) || float.IsFinite((float)number)) ? null : $"Option '{option}' takes a number that is finite, not {text}.";
        string pointed = text.Replace(',', '.');
        return double.TryParse(pointed, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? $"Option '{option}' takes a number with a point for decimals: {pointed}, not {text}."
            : $"Option '{option}' takes a number, not '{text}'.";
    }
}
