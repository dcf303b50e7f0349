"""automl: does deep learning pay on your data?"""
