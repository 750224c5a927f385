# common/led/decode.c
s/d->run_count == RK_LED_RUNS/d->run_count == RK_LED_RUNS + 1/
