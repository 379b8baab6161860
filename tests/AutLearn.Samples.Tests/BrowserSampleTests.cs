using System.Globalization;
using System.IO.Compression;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace AutLearn.Samples.Tests;

/// <summary>Opens samples/Browser from the file system, without a server, and learns in WebAssembly.</summary>
[Trait("Category", "Unit")]
public sealed class BrowserSampleTests
{
    private const int Steps = 5;
    private const float Rate = 0.05f;
    private const double Tolerance = 1e-5;

    private static readonly string[] Classes = ["low", "middle", "high"];

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Page_LearningRows_HasTheLossesAndPredictionsOfOurRuntime(bool wholeNetwork)
    {
        await using Browser browser = await OpenPageAsync();
        IPage page = browser.Page;
        using var folder = new TemporaryFolder();
        string package = folder.File("points.autlearn");
        Compile(Points(), wholeNetwork ? TrainableSelection.All : TrainableSelection.LastLayers(1), preprocessing: null).SavePackage(package);
        float[] inputs = [0.5f, -1, 0.25f, 1, 0.75f, -0.5f, -1, 0.5f, 1, -0.25f, 1, 1];
        long[] labels = [0, 1, 2, 0];

        await ChooseAsync(page, package);
        await Expect(page.Locator("#summary")).ToContainTextAsync("points");
        await page.Locator("#rows").FillAsync(string.Join('\n', labels.Select((label, row) =>
            $"{string.Join(", ", inputs.Skip(3 * row).Take(3).Select(v => v.ToString(Invariant)))} -> {Classes[label]}")));
        await ClickAsync(page, "#add-rows");
        await Expect(page.Locator("#examples tr")).ToHaveCountAsync(labels.Length);
        double[] before = await PredictionsAsync(page);
        await LearnAsync(page, Steps);
        double[] losses = await LossesAsync(page);
        double[] after = await PredictionsAsync(page);

        using PersonalModel model = PersonalModel.Open(package);
        Equal(Predict(model), before);
        Equal([.. Enumerable.Range(0, Steps).Select(_ => (double)model.TrainStepOnInputs(inputs, labels, Rate).Loss)], losses);
        Equal(Predict(model), after);
        Assert.True(losses[^1] < 0.9 * losses[0], $"The losses are {string.Join(' ', losses)}.");

        await ClickAsync(page, "#reset");
        await Expect(page.Locator("#losses li")).ToHaveCountAsync(0);
        Equal(before, await PredictionsAsync(page));
        Assert.Empty(browser.Errors);

        double[] Predict(PersonalModel model)
        {
            using PredictionBatch batch = model.Predict(inputs, labels.Length);
            return [.. batch.Logits.Span<float>().ToArray().Select(v => (double)v)];
        }
    }

    [SkippableFact]
    public async Task Page_LearningDrawingsFromACompressedPackage_GuessesThemAfterwards()
    {
        await using Browser browser = await OpenPageAsync();
        IPage page = browser.Page;
        using var folder = new TemporaryFolder();
        string stored = folder.File("stored.autlearn"), package = folder.File("strokes.autlearn");
        Compile(Strokes(), TrainableSelection.All, new ImagePreprocessing(8, 8, 1, Mean: 0, Std: 255, CropFraction: 1)).SavePackage(stored);
        await ZipFile.ExtractToDirectoryAsync(stored, folder.File("files", ""));
        await ZipFile.CreateFromDirectoryAsync(folder.File("files", ""), package, CompressionLevel.Optimal, includeBaseDirectory: false);
        await ChooseAsync(page, package);
        await Expect(page.Locator("#drawing")).ToBeVisibleAsync();
        await DrawAsync(page, 0.2f, 0.5f, 0.8f, 0.5f, "low");
        await DrawAsync(page, 0.5f, 0.2f, 0.5f, 0.8f, "high");
        await Expect(page.Locator("#examples tr")).ToHaveCountAsync(2);
        await LearnAsync(page, 30);

        double[] losses = await LossesAsync(page);
        Assert.True(losses[^1] < 0.2 * losses[0], $"The losses are {string.Join(' ', losses)}.");
        await Expect(page.Locator("#examples tr td:nth-child(3)")).ToHaveTextAsync(["low", "high"]);
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task Page_KeyboardsPackage_LearnsAWord()
    {
        await using Browser browser = await OpenPageAsync();
        IPage page = browser.Page;
        await ChooseAsync(page, Path.Combine(Root(), "samples", "Keyboard", "keyboard.autlearn"));
        await page.Locator("#rows").FillAsync("2, 3, 4 -> lord");
        await ClickAsync(page, "#add-rows");
        await LearnAsync(page, 20);
        double[] losses = await LossesAsync(page);
        Assert.True(losses[^1] < 0.2 * losses[0], $"The losses are {string.Join(' ', losses)}.");
        await Expect(page.Locator("#examples tr td:nth-child(3)")).ToHaveTextAsync(["lord"]);
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task Page_DamagedPackage_SaysWhatIsWrong()
    {
        await using Browser browser = await OpenPageAsync();
        using var folder = new TemporaryFolder();
        string package = folder.File("points.autlearn");
        CompiledArtifacts artifacts = Compile(Points(), TrainableSelection.LastLayers(1), preprocessing: null);
        artifacts.SavePackage(package);
        byte[] content = await File.ReadAllBytesAsync(package);

        // The files are stored, so that a parameter stands in the package as it is.
        int parameter = content.AsSpan().IndexOf(artifacts.InitialParameters["scores.weight"].Bytes.Span);
        Assert.True(parameter > 0);
        content[parameter]++;
        await File.WriteAllBytesAsync(package, content);
        await ChooseAsync(browser.Page, package);
        await Expect(browser.Page.Locator("#problem")).ToContainTextAsync("'parameters.safetensors' is not what the manifest describes");

        package = folder.File("text.autlearn");
        await File.WriteAllTextAsync(package, "This is no package.");
        await ChooseAsync(browser.Page, package);
        await Expect(browser.Page.Locator("#problem")).ToContainTextAsync("no package");
        await Expect(browser.Page.Locator("#work")).ToBeHiddenAsync();
    }

    private static string Root()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "AutLearn.sln")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The tests run outside the repository.");
        return root;
    }

    private static async Task<Browser> OpenPageAsync()
    {
        string root = Root(), page = Path.Combine(root, "samples", "Browser", "index.html");
        Skip.IfNot(File.Exists(Path.Combine(root, "samples", "Browser", "ort", "ort-files.js")), "ONNX Runtime's WebAssembly build is not there. Run 'bash eng/install-browser-sample.sh'.");
        Browser browser = await Browser.OpenOrSkipAsync();
        await browser.Page.GotoAsync(new Uri(page).AbsoluteUri);
        return browser;
    }

    private static async Task ChooseAsync(IPage page, string package)
    {
        await page.Locator("#package").SetInputFilesAsync(package);
        await SettleAsync(page);
    }

    private static async Task ClickAsync(IPage page, string button)
    {
        await page.Locator(button).ClickAsync();
        await SettleAsync(page);
    }

    // Compiling the WebAssembly code can take long on a busy machine; the page's queue ends when it is done.
    private static async Task SettleAsync(IPage page) => await page.EvaluateAsync("() => work");

    private static async Task LearnAsync(IPage page, int steps)
    {
        await page.Locator("#steps").FillAsync(steps.ToString(Invariant));
        await page.Locator("#rate").FillAsync(Rate.ToString(Invariant));
        await ClickAsync(page, "#learn");
        await Expect(page.Locator("#losses li")).ToHaveCountAsync(steps);
    }

    private static async Task DrawAsync(IPage page, float x0, float y0, float x1, float y1, string label)
    {
        LocatorBoundingBoxResult box = (await page.Locator("#canvas").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (x0 * box.Width), box.Y + (y0 * box.Height));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (x1 * box.Width), box.Y + (y1 * box.Height), new() { Steps = 8 });
        await page.Mouse.UpAsync();
        await page.Locator("#label").FillAsync(label);
        await ClickAsync(page, "#add-drawing");
    }

    private static async Task<double[]> LossesAsync(IPage page) =>
        [.. (await page.Locator("#losses li").AllTextContentsAsync()).Select(t => double.Parse(t, Invariant))];

    private static async Task<double[]> PredictionsAsync(IPage page)
    {
        string[] rows = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('#examples tr')].map(r => r.cells[2].title)");
        return [.. rows.SelectMany(r => r.Split(' ')).Select(t => double.Parse(t, Invariant))];
    }

    private static void Equal(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    private static CompiledArtifacts Compile(OnnxModel model, TrainableSelection trainable, ImagePreprocessing? preprocessing) => ModelCompiler.Compile(model, new CompileOptions
    {
        ModelName = model.Graph.Name,
        Trainable = trainable,
        Optimizer = new AdamWOptimizer(),
        Preprocessing = preprocessing,
        Classes = [.. Classes],
    });

    private static OnnxModel Points()
    {
        var graph = new OnnxGraph("points");
        return Network(graph, graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 3))), 3);
    }

    private static OnnxModel Strokes()
    {
        var graph = new OnnxGraph("strokes");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 1, 8, 8)));
        return Network(graph, graph.AddNode("Flatten", [x], ["flat"], name: "flatten").Outputs[0]!, 64);
    }

    private static OnnxModel Network(OnnxGraph graph, Value x, int width)
    {
        const int Hidden = 16;
        var random = new Random(3);
        x = graph.AddNode("Tanh", [Dense("hidden", x, width, Hidden)], ["features"], name: "tanh").Outputs[0]!;
        graph.AddOutput(Dense("scores", x, Hidden, Classes.Length));
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        Value Dense(string name, Value input, int inputs, int outputs)
        {
            float[] weights = new float[inputs * outputs];
            for (int i = 0; i < weights.Length; i++)
                weights[i] = (float)(((random.NextDouble() * 2) - 1) / Math.Sqrt(inputs));
            Value weight = graph.AddInitializer($"{name}.weight", Tensor.Of<float>([inputs, outputs], weights));
            Value bias = graph.AddInitializer($"{name}.bias", Tensor.Of<float>([outputs], new float[outputs]));
            return graph.AddNode("Gemm", [input, weight, bias], [$"{name}.out"], name: name).Outputs[0]!;
        }
    }
}
