"""Addresses of the pages of training."""

from django.urls import path

from district.training.views import classes, courses, learners, phone

app_name = "training"
urlpatterns = [
    path("training/", courses.courses, name="courses"),
    path("training/courses/add/", courses.add, name="add"),
    path("training/courses/<int:pk>/", courses.course, name="course"),
    path("training/courses/<int:pk>/change/", courses.change, name="change"),
    path("training/courses/<int:pk>/publish/", courses.publish, name="publish"),
    path("training/courses/<int:pk>/retire/", courses.retire, name="retire"),
    path("training/courses/<int:pk>/pages/add/", courses.add_page, name="add_page"),
    path("training/courses/<int:pk>/questions/add/", courses.add_question, name="add_question"),
    path("training/pages/<int:pk>/", courses.change_page, name="change_page"),
    path("training/pages/<int:pk>/move/", courses.move_page, name="move_page"),
    path("training/pages/<int:pk>/remove/", courses.remove_page, name="remove_page"),
    path("training/questions/<int:pk>/", courses.change_question, name="change_question"),
    path("training/questions/<int:pk>/remove/", courses.remove_question, name="remove_question"),
    path("training/media/<int:pk>/", courses.media_file, name="media"),
    path("training/learners/", learners.learners, name="learners"),
    path("training/learners/<int:pk>/confirm/", learners.confirm, name="confirm"),
    path("training/completed/", learners.completed, name="completed"),
    path("training/proofs/", learners.proofs, name="proofs"),
    path("training/classes/", classes.classes, name="classes"),
    path("training/classes/add/", classes.add, name="add_class"),
    path("training/classes/<int:pk>/", classes.session, name="class"),
    path("training/classes/<int:pk>/now/", classes.now, name="class_now"),
    path("training/classes/<int:pk>/step/", classes.step, name="class_step"),
    path("training/classes/<int:pk>/confirm/", classes.confirm, name="class_confirm"),
    path("me/courses/", phone.my_courses, name="my_courses"),
    path("me/courses/<int:pk>/", phone.my_course, name="my_course"),
    path("me/courses/<int:pk>/pages/<int:number>/", phone.my_page, name="my_page"),
    path("me/courses/<int:pk>/test/", phone.my_test, name="my_test"),
    path("me/courses/<int:pk>/code/", phone.my_code, name="my_code"),
    path("me/courses/<int:pk>/media/<int:number>/", phone.my_media, name="my_media"),
    path("me/classes/<int:pk>/code/", phone.my_class_code, name="my_class_code"),
]
