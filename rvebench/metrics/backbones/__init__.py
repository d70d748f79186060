"""The networks behind the metrics: small modules that read the published weights.

Nothing is imported here, because every module of this package but `tokenizer` needs torch.
"""
