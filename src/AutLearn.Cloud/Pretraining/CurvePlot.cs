using AutLearn.Runtime.Training;
using ScottPlot;
using SkiaSharp;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Draws the losses of a training.</summary>
internal static class CurvePlot
{
    private const int Width = 900;
    private const int Height = 560;

    private static readonly string[] FontFolders = ["/usr/share/fonts", "/usr/local/share/fonts"];

    private static readonly Lazy<string?> Font = new(RegisterFont);

    /// <summary>Gives a PNG picture.</summary>
    public static byte[] Draw(IReadOnlyList<TrainerEpoch> epochs)
    {
        using var plot = new Plot();
        double[] steps = [.. epochs.Select(e => (double)e.Steps)];
        plot.Add.Scatter(steps, epochs.Select(e => e.TrainLoss).ToArray()).LegendText = "training loss";
        TrainerEpoch[] measured = [.. epochs.Where(e => e.ValidationLoss is { } loss && double.IsFinite(loss))];
        if (measured.Length > 0)
            plot.Add.Scatter(measured.Select(e => (double)e.Steps).ToArray(), measured.Select(e => e.ValidationLoss!.Value).ToArray()).LegendText = "validation loss";
        plot.XLabel("step");
        plot.YLabel("loss");
        plot.ShowLegend(Alignment.UpperRight);
        if (Font.Value is { } font)
        {
            plot.Font.Set(font);
            plot.Legend.FontName = font;
        }

        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }

    // Skia's build for Linux without dependencies finds no fonts by itself and has one family without a name. On a machine without any, the picture has no text.
    private static string? RegisterFont()
    {
        const string Name = "curves";
        if (SKFontManager.Default.FontFamilies.Any(f => f.Length > 0))
            return null;
        string? file = FontFolders
            .Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*.ttf", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal)
            .MinBy(f => Path.GetFileName(f) switch { "DejaVuSans.ttf" => 0, "LiberationSans-Regular.ttf" => 1, string n when n.Contains("Sans-Regular", StringComparison.Ordinal) => 2, _ => 3 });
        if (file is null)
            return null;
        Fonts.AddFontFile(Name, file);
        return Name;
    }
}
