### Films and pictures of the past, files of them, and what a tile was.

## A tile as it was, in a text.

tile-as-it-was = Tile { $place } as it was then
