"""What may be used as a model or demo photo: pinned sources, hashes, licences and measured figures. No data."""
