"""What both sides share: hold-outs, the policy that judges trials on several of them, ensembles, predictors."""
