"""One Raspberry Pi at one or more doors: it decides alone, works offline, and journals before it unlocks."""
