namespace AutLearn.Testing.Backend;

/// <summary>The result of one backend test.</summary>
/// <param name="Name">The test's name, without <c>test_</c>.</param>
/// <param name="Operator">The operator it tests, or its folder where it has several.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Detail">Why; empty where all is right.</param>
public sealed record BackendResult(string Name, string Operator, BackendOutcome Outcome, string Detail);
