using System.CommandLine;
using System.Globalization;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say how images become the model's input.</summary>
internal sealed class PreprocessingArguments
{
    private readonly Option<string?> _preset = new Option<string?>("--preprocessing")
    {
        Description = $"How the network was trained to see images: {string.Join("; ", ImagePreprocessingPreset.All.Select(p => $"{p.Name} ({p.Description})"))}. Default: what the model carries, or else centered; none for a UInt8 input.",
        HelpName = "name",
    }.OneOf([.. ImagePreprocessingPreset.All.Select(p => p.Name)]);

    private readonly Option<ChannelValues?> _mean = new("--mean")
    {
        Description = "Subtracted from each pixel, on the scale of --scale: one number, or one a channel in the model's order (0.485,0.456,0.406).",
        HelpName = "numbers",
        CustomParser = NumberList.Read,
    };

    private readonly Option<ChannelValues?> _std = new("--std")
    {
        Description = "Divides each pixel after that: one number, or one a channel.",
        HelpName = "numbers",
        CustomParser = NumberList.Read,
    };

    private readonly Option<string?> _scale = new Option<string?>("--scale")
    {
        Description = "What white is before --mean and --std: 1 or 255. Default: that of the preset.",
    }.OneOf("1", "255");

    private readonly Option<string?> _fit = new Option<string?>("--fit")
    {
        Description = "How a photo of any shape fits: crop (a centred square, then resized), resize-crop (the shorter side to --resize, then the centre), squash, or letterbox.",
    }.OneOf("crop", "resize-crop", "squash", "letterbox");

    private readonly Option<int?> _resize = new Option<int?>("--resize")
    {
        Description = "resize-crop: what the shorter side becomes. Default: the input's side, or 256/224 of it for torchvision and timm.",
        HelpName = "pixels",
    }.Between(1, ImagePreprocessing.LargestSide);

    private readonly Option<float?> _crop = new Option<float?>("--crop")
    {
        Description = "crop: the side of the centred square that is used, as a fraction of the shorter side. Default: 1, the whole.",
        HelpName = "fraction",
    }.Between(0.01, 1);

    private readonly Option<float?> _pad = new Option<float?>("--pad")
    {
        Description = "letterbox: the grey level around the photo. Default: 0; 114 for yolo.",
        HelpName = "level",
    }.Between(0, 255);

    private readonly Option<string?> _filter = new Option<string?>("--filter")
    {
        Description = "How pixels between pixels are found: bilinear and bicubic (antialiased, as Pillow's), nearest, or bilinear-point (not antialiased, as TensorFlow's and OpenCV's).",
    }.OneOf("bilinear", "bicubic", "nearest", "bilinear-point");

    private readonly Option<string?> _order = new Option<string?>("--channel-order")
    {
        Description = "The order of three channels: rgb or bgr.",
    }.OneOf("rgb", "bgr");

    private readonly Option<string?> _layout = new Option<string?>("--layout")
    {
        Description = "The order of the input's dimensions: nchw or nhwc. Default: what its shape tells.",
    }.OneOf("nchw", "nhwc");

    private readonly Option<ImageSize?> _size = new("--image-size")
    {
        Description = "The size of the input where the model leaves it open: one side, or WIDTHxHEIGHT. Default: the preset's.",
        HelpName = "pixels",
        CustomParser = ImageSize.Read,
    };

    private readonly Option<bool> _invert = new("--invert")
    {
        Description = "Swap light and dark first, so that white ink on black becomes dark ink on white.",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Add(option);
    }

    /// <summary>Tells whether any of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => All.Any(o => parsed.GetResult(o) is { Implicit: false });

    /// <summary>Builds the preprocessing for a model.</summary>
    /// <returns>The preprocessing; null where the model does not take one image a sample, or leaves its size open and no option tells it.</returns>
    /// <exception cref="UsageException">The options contradict each other or the model.</exception>
    public ImagePreprocessing? Read(ParseResult parsed, OnnxModel model)
    {
        ImageTensorLayout? layout = parsed.GetValue(_layout) switch
        {
            "nchw" => ImageTensorLayout.Nchw,
            "nhwc" => ImageTensorLayout.Nhwc,
            _ => null,
        };
        if (!IsGiven(parsed) && ModelNotes.Preprocessing(model) is { } own)
            return Fits(own, model) ? own : throw new UsageException("What the model's metadata say of its images does not fit its input: say it with --preprocessing.");
        if (ImageInput.Of(model, layout) is not { } input)
            return IsGiven(parsed) ? throw new UsageException($"Options such as --preprocessing, --mean and --crop need a model of {ImageInput.Need}.") : null;
        string? named = parsed.GetValue(_preset);
        ImageSize? given = parsed.GetValue(_size);
        if (input.Width is null || input.Height is null)
        {
            if (named is null && given is null)
                return IsGiven(parsed) ? throw new UsageException("The model leaves the size of its input open: say it with --image-size, or name a --preprocessing.") : null;
        }

        ImagePreprocessingPreset preset = ImagePreprocessingPreset.Of(named ?? (input.Type == ElementType.UInt8 ? "none" : "centered"));
        int width = Side(input.Width, given?.Width, preset, "wide"), height = Side(input.Height, given?.Height, preset, "high");
        ImagePreprocessing result = preset.Create(width, height, input.Channels) with
        {
            Layout = input.Layout ?? ImageTensorLayout.Nchw,
            InputType = input.Type == ElementType.Float32 ? ElementType.Undefined : input.Type,
        };
        result = Fitted(parsed, Scaled(parsed, result, preset, named is not null), preset);
        if (result.Channels == 1 && !(result.Mean.AreEqual && result.Std.AreEqual))
            result = named is null || parsed.GetValue(_mean) is not null || parsed.GetValue(_std) is not null
                ? throw new UsageException("The model takes one channel: give --mean and --std one number each.")
                : throw new UsageException($"The model takes one channel, but --preprocessing {named} has a mean for each of three.");
        if (parsed.GetValue(_invert))
        {
            // (255 - p - m) / s = (p - (255 - m)) / -s
            result = result with { Mean = result.Mean.Select(m => 255 - m), Std = result.Std.Select(s => -s) };
        }

        if (result.ElementType == ElementType.UInt8 && Enumerable.Range(0, result.Channels).Any(c => !IsByteScale(result.Mean[c], result.Std[c])))
            throw new UsageException("The model takes bytes (UInt8) from 0 to 255: this mean and std make others. Leave --mean, --std and --preprocessing out, or take --preprocessing none.");
        return result.Problem() is { } problem ? throw new UsageException($"The images cannot be prepared so: {problem}.") : result;
    }

    private IEnumerable<Option> All => [_preset, _mean, _std, _scale, _fit, _resize, _crop, _pad, _filter, _order, _layout, _size, _invert];

    private static bool Fits(ImagePreprocessing preprocessing, OnnxModel model) =>
        ImageInput.Of(model, preprocessing.Layout) is { } input
        && input.Type == preprocessing.ElementType
        && (input.Channels ?? preprocessing.Channels) == preprocessing.Channels
        && (input.Width ?? preprocessing.Width) == preprocessing.Width
        && (input.Height ?? preprocessing.Height) == preprocessing.Height;

    private static bool IsByteScale(float mean, float std) => (mean, std) is (0, 1) or (255, -1);

    private static int Side(int? model, int? given, ImagePreprocessingPreset preset, string direction) =>
        model is { } fixedSide && given is { } other && fixedSide != other
            ? throw new UsageException($"The model's input is {fixedSide} pixels {direction}, not {other}: leave --image-size out.")
            : model ?? given ?? preset.Side;

    private ImagePreprocessing Scaled(ParseResult parsed, ImagePreprocessing result, ImagePreprocessingPreset preset, bool isNamed)
    {
        ChannelValues? mean = parsed.GetValue(_mean), std = parsed.GetValue(_std);
        string? said = parsed.GetValue(_scale);
        if (std is { } s && (s.First == 0 || s.Second == 0 || s.Third == 0))
            throw new UsageException("--std divides each pixel: 0 is not possible.");

        // Most exports state means below 1, on a scale of 0 to 1; read on one of 0 to 255 they would spoil every prediction without a word.
        if (said is null && !isNamed && (IsSmall(mean) || IsSmall(std)))
            throw new UsageException($"--mean {mean} and --std {std} look like numbers for pixels from 0 to 1. Say so with --scale 1, or --scale 255 if they are meant for 0 to 255.");
        float level = 255 / (said is null ? preset.Scale : float.Parse(said, CultureInfo.InvariantCulture));
        return result with
        {
            Mean = mean?.Select(v => v * level) ?? result.Mean,
            Std = std?.Select(v => v * level) ?? result.Std,
        };
    }

    private static bool IsSmall(ChannelValues? values) => values is { } v && v != 0f && v != 1f && MathF.Abs(v.First) <= 1 && MathF.Abs(v.Second) <= 1 && MathF.Abs(v.Third) <= 1;

    private ImagePreprocessing Fitted(ParseResult parsed, ImagePreprocessing result, ImagePreprocessingPreset preset)
    {
        int? resize = parsed.GetValue(_resize);
        float? crop = parsed.GetValue(_crop), pad = parsed.GetValue(_pad);
        ImageFit fit = parsed.GetValue(_fit) switch
        {
            "crop" => ImageFit.CropThenResize,
            "resize-crop" => ImageFit.ResizeThenCrop,
            "squash" => ImageFit.Squash,
            "letterbox" => ImageFit.Letterbox,
            _ => resize is not null ? ImageFit.ResizeThenCrop : crop is not null ? ImageFit.CropThenResize : preset.Fit,
        };
        if (resize is not null && fit != ImageFit.ResizeThenCrop)
            throw new UsageException("Option --resize belongs to --fit resize-crop.");
        if (crop is not null && fit != ImageFit.CropThenResize)
            throw new UsageException("Option --crop belongs to --fit crop.");
        if (pad is not null && fit != ImageFit.Letterbox)
            throw new UsageException("Option --pad belongs to --fit letterbox.");
        int side = fit != ImageFit.ResizeThenCrop ? 0 : resize ?? (preset.Fit == fit ? preset.ResizeSideOf(result.Width, result.Height) : Math.Max(result.Width, result.Height));
        if (side != 0 && side < Math.Max(result.Width, result.Height))
            throw new UsageException($"--resize {side} is less than the input's longer side, {Math.Max(result.Width, result.Height)}.");
        return result with
        {
            Fit = fit,
            ResizeSide = side,
            CropFraction = crop ?? 1,
            PadLevel = fit == ImageFit.Letterbox ? pad ?? preset.PadLevel : 0,
            Filter = parsed.GetValue(_filter) switch
            {
                "bilinear" => ImageFilter.Bilinear,
                "bicubic" => ImageFilter.Bicubic,
                "nearest" => ImageFilter.Nearest,
                "bilinear-point" => ImageFilter.BilinearPoint,
                _ => result.Filter,
            },
            Order = parsed.GetValue(_order) switch
            {
                "rgb" => ImageChannelOrder.Rgb,
                "bgr" => ImageChannelOrder.Bgr,
                _ => result.Order,
            },
        };
    }
}
