"""The card held in shot: four markers of known size, a grey ramp and a ruler, as a PDF to print at 100 %."""

from __future__ import annotations

import cv2

DICTIONARY = cv2.aruco.DICT_4X4_50
MARKER_MM = 20.0  # side of the black square
WIDTH_MM, HEIGHT_MM = 140.0, 60.0
# Middles of the markers from the middle of the card, x to the right and y up, by number: upper left, upper right,
# lower right, lower left.
CENTRES_MM = {40: (-55.0, 15.0), 41: (55.0, 15.0), 42: (55.0, -15.0), 43: (-55.0, -15.0)}
