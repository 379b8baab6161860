namespace AutLearn.Samples.Keyboard;

/// <summary>The command line of the keyboard; each option also as an environment variable <c>AUTLEARN_KEYBOARD_NAME</c>.</summary>
public sealed class KeyboardOptions
{
    /// <summary>Gets or sets the <c>.autlearn</c> file or folder of a next-word network; its class names are the vocabulary.</summary>
    public string Package { get; set; } = Path.Combine(AppContext.BaseDirectory, "keyboard.autlearn");

    /// <summary>Gets or sets the folder that keeps what was learnt.</summary>
    public string Profile { get; set; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "AutLearn", "Keyboard");

    /// <summary>Gets or sets the port on 127.0.0.1; 0 takes any free one.</summary>
    public int Port { get; set; } = 5081;

    /// <summary>Gets or sets the words that make a training step.</summary>
    public int Batch { get; set; } = 16;

    /// <summary>Gets or sets the learning rate; null takes the package's own.</summary>
    public double? Rate { get; set; }
}
