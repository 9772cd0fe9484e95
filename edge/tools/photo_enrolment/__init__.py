"""Make templates from many photos for HQ, in a process of its own (`python -m edge.tools.photo_enrolment`)."""
