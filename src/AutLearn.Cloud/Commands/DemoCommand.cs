using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Demo;
using AutLearn.Cloud.Personalization;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn demo</c>.</summary>
internal sealed class DemoCommand
{
    private const int DefaultWriterSeed = 7;

    private readonly Option<int?> _writer = new Option<int?>("--writer")
    {
        Description = $"Learn the hand of this real UNIPEN writer with an ImageNet MobileNet, instead of a drawn writer with the small network. Needs the folder of real data: the one that {DataFolder.Variable} names, or shared/data in the current folder or one above it.",
        HelpName = "number",
    }.AtLeast(0);

    private readonly Option<int> _person = new("--person")
    {
        Description = "Which drawn writer: each number is another hand.",
        HelpName = "number",
        DefaultValueFactory = _ => DefaultWriterSeed,
    };

    private readonly Option<int> _repetitions = new Option<int>("--repetitions")
    {
        Description = "How often the drawn writer writes each of the 62 characters.",
        HelpName = "number",
        DefaultValueFactory = _ => 10,
    }.Between(2, 1000);

    private readonly Option<int> _others = new Option<int>("--others")
    {
        Description = "With --writer: on how many images of other writers MobileNet's new head is trained first.",
        HelpName = "number",
        DefaultValueFactory = _ => 1500,
    }.Between(0, 90_000);

    private readonly TrainingArguments _training = new();
    private readonly ToolConsole _console;

    private DemoCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        var demo = new DemoCommand(console);
        var command = new Command(
            "demo",
            "Watch a network learn one person's handwriting: compile it, measure it on a new writer, fine-tune its last layers on 70 % of that writer's characters, and measure it again on the other 30 %. Needs no data, no network and no other program.")
        {
            demo._writer,
            demo._person,
            demo._repetitions,
            demo._others,
        };
        demo._training.AddTo(command);
        command.SetAction(demo.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("autlearn-demo-").FullName;
        try
        {
            PersonalizeReport report = parsed.GetValue(_writer) is { } writer
                ? await RunRealAsync(parsed, writer, folder, cancellationToken).ConfigureAwait(false)
                : await RunDrawnAsync(parsed, folder, cancellationToken).ConfigureAwait(false);
            _console.Report(report, ReportJson.Default.PersonalizeReport, PersonalizeReportView.Render);
            return ExitCode.Success;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<PersonalizeReport> RunDrawnAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        _console.Say("AutLearn: a network that reads handwriting meets a person whom it has never seen.");
        _console.Say("");
        OnnxModel network = DemoModel.Read();
        string package = Compile(network, DemoModel.Options(), folder, out double seconds, cancellationToken);
        int person = parsed.GetValue(_person);
        ImageSet images = new SyntheticWriter(person).Write(parsed.GetValue(_repetitions));
        using PersonalModel model = PersonalModel.Open(package);
        return await PersonalizationSession.RunAsync(
            model,
            string.Create(CultureInfo.InvariantCulture, $"handwriting.onnx, a small convolutional network trained on other people's handwriting; compiled in {Amounts.Seconds(seconds)}"),
            images,
            string.Create(CultureInfo.InvariantCulture, $"a drawn writer, number {person}: {images.Count} characters in one consistent hand"),
            new FileInfo(package).Length,
            _training.Read(parsed, model.Manifest.Defaults),
            _console,
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<PersonalizeReport> RunRealAsync(ParseResult parsed, int writer, string folder, CancellationToken cancellationToken)
    {
        string data = DataFolder.Require("Option --writer");
        OnnxModel network = ModelFile.Read(MobileNetDemo.PathIn(data));
        MobileNetDemo.ReplaceHead(network);
        string package = Compile(network, MobileNetDemo.Options(), folder, out double seconds, cancellationToken);
        (ImageSet own, ImageSet others) = MobileNetDemo.OpenImages(data, writer, parsed.GetValue(_others));
        using PersonalModel model = PersonalModel.Open(package);
        PersonalizationSettings settings = _training.Read(parsed, model.Manifest.Defaults);
        _console.Say($"AutLearn: a MobileNet of ImageNet (compiled in {Amounts.Seconds(seconds)}) learns to read, then meets writer {writer} of UNIPEN.");
        _console.Say("");
        if (others.Count > 0)
            await PretrainHeadAsync(model, others, settings, cancellationToken).ConfigureAwait(false);
        return await PersonalizationSession.RunAsync(
            model,
            $"MobileNet v1 0.75 with a new head of 62 characters{(others.Count > 0 ? $", trained on {others.Count} characters of other writers" : ", untrained")}",
            own,
            $"writer {writer} of UNIPEN: {own.Count} characters",
            new FileInfo(package).Length,
            settings,
            _console,
            cancellationToken).ConfigureAwait(false);
    }

    private async Task PretrainHeadAsync(PersonalModel model, ImageSet others, PersonalizationSettings settings, CancellationToken cancellationToken)
    {
        var personalizer = new Personalizer(model);
        FeatureSet features = await _console.TrackAsync(
            "Reading other writers",
            others.Count,
            report => Task.Run(() => personalizer.Extract(others, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
        await personalizer.TrainAsync(features, settings, progress: null, cancellationToken).ConfigureAwait(false);
    }

    private static string Compile(OnnxModel network, CompileOptions options, string folder, out double seconds, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        string package = Path.Combine(folder, "demo.autlearn");
        ModelCompiler.Compile(network, options, progress: null, cancellationToken).SavePackage(package);
        seconds = watch.Elapsed.TotalSeconds;
        return package;
    }
}
