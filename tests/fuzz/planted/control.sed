# emu/shell/control.c
s/strcmp(how ? how : "torn", ways\[i\].name)/strcmp(how, ways[i].name)/
