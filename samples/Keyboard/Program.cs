using AutLearn.Samples.Hosting;
using AutLearn.Samples.Keyboard;

return await LocalWebApp.RunAsync("Keyboard", () =>
{
    KeyboardOptions options = AppArguments.Read<KeyboardOptions>(args, "AUTLEARN_KEYBOARD_");
    var keyboard = new WordKeyboard(options);
    return (KeyboardApp.Create(keyboard, options.Port), keyboard);
});
