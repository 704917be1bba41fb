"""The pages of one draft, a module for each stage: one screen whose fields save themselves, with panels that follow."""
