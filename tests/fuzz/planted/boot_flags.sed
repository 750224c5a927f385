# firmware/boot/flags.c
s/(low \&\& f->stored_job == RK_JOB_NONE) || f->next >= RK_JOURNAL_RECORDS/false/
