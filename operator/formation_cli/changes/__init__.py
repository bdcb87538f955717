"""What a command wants changed, as patches and manifests: pure."""
