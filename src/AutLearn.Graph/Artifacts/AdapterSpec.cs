namespace AutLearn.Graph.Artifacts;

/// <summary>A low-rank adapter in the models: the value <see cref="Sum"/> is a product with a frozen weight W plus Scale (x Down) Up.</summary>
/// <param name="Sum">The value in <c>inference.onnx</c> that an Add of the frozen product (first) and the adapter's (second) gives.</param>
/// <param name="Down">The parameter of shape [K, rank], or [rank, K, ...] with the kernel of the convolution beside it.</param>
/// <param name="Up">The parameter of shape [rank, M], or [M, rank, 1, ...] beside a convolution.</param>
/// <param name="Scale">What the adapter's product is multiplied by; finite.</param>
/// <remarks>W + Scale Down Up in the place of W gives the same model without the adapter. Hu et al., LoRA, arXiv:2106.09685.</remarks>
public sealed record AdapterSpec(string Sum, string Down, string Up, double Scale);
