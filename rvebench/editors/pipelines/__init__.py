"""Editors that are diffusers pipelines. torch and diffusers are imported on the first edit, not before."""
