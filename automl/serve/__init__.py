"""A saved model behind HTTP (`automl serve`): predictions as JSON, health, a schema, metrics (``docs/serving.md``).

A request is read as `predict` reads rows (`body`), waits for the model in one queue with others (`waiting`), is
answered together with those (`answering`), and leaves as words of JSON whatever happens (`application`).
"""

from automl.serve.settings import Settings

__all__ = ["Settings"]
