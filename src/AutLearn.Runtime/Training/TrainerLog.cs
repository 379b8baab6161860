using System.Text.Json;
using AutLearn.Cache.Disk;

namespace AutLearn.Runtime.Training;

/// <summary>Writes one line of JSON for each step and epoch.</summary>
internal sealed class TrainerLog : IDisposable
{
    private readonly BufferedStream _file;
    private readonly Utf8JsonWriter _json;

    /// <summary>Opens the log and cuts it back to where a checkpoint was made; what is missing of it stays missing.</summary>
    public TrainerLog(string path, long length)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            PrivateFiles.CreateFolder(folder);
        PrivateFiles.Protect(path);
        _file = new(PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read));
        _file.SetLength(Math.Min(length, _file.Length));
        _file.Seek(0, SeekOrigin.End);
        _json = new(_file);
    }

    /// <summary>Writes everything out to the file and gets its length.</summary>
    public long Flush()
    {
        _file.Flush();
        return _file.Position;
    }

    public void Step(TrainerPosition position, StepResult result)
    {
        Begin(result.IsUpdate ? "step" : "micro_step", position.Epoch, position.Step);
        Write("loss", result.Loss);
        if (result.CorrectCount is { } correct && result.LabelCount > 0)
            Write("accuracy", (double)correct / result.LabelCount);
        if (result.GradientNorm is { } norm)
            Write("gradient_norm", norm);
        Write("learning_rate", position.LearningRate);
        End();
    }

    /// <summary>Notes an update of accumulated gradients to which no batch of its own belongs.</summary>
    public void Update(TrainerPosition position)
    {
        Begin("update", position.Epoch, position.Step);
        Write("learning_rate", position.LearningRate);
        End();
    }

    /// <summary>Notes a batch without a label that counts.</summary>
    public void Ignored(TrainerPosition position, int batch)
    {
        Begin("ignored", position.Epoch, position.Step);
        _json.WriteNumber("batch", batch);
        End();
    }

    /// <summary>Notes a batch whose step was refused, and how many of its rows are left out.</summary>
    public void Refused(TrainerPosition position, int batch, int rows)
    {
        Begin("refused", position.Epoch, position.Step);
        _json.WriteNumber("batch", batch);
        _json.WriteNumber("rows", rows);
        End();
    }

    public void Epoch(TrainerEpoch epoch, TimeSpan elapsed)
    {
        Begin("epoch", epoch.Epoch, epoch.Steps);
        Write("train_loss", epoch.TrainLoss);
        Write("train_accuracy", epoch.TrainAccuracy);
        Write("validation_loss", epoch.ValidationLoss);
        Write("validation_accuracy", epoch.ValidationAccuracy);
        Write("learning_rate", epoch.LearningRate);
        Write("seconds", Math.Round(elapsed.TotalSeconds, 3));
        End();
    }

    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    private void Begin(string kind, int epoch, long step)
    {
        _json.WriteStartObject();
        _json.WriteString("event", kind);
        _json.WriteNumber("epoch", epoch);
        _json.WriteNumber("step", step);
    }

    private void Write(string name, double? value)
    {
        if (value is not { } number)
            return;
        if (double.IsFinite(number))
            _json.WriteNumber(name, number);
        else
            _json.WriteNull(name);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _file.WriteByte((byte)'\n');
    }
}
