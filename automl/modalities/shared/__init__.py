"""What several modalities share: numbers, categories, phrases and what they say of a target, bins, specs."""
